"""Tables in an object store: nothing but objects that never change, and small ones that change by conditional PUTs."""
