"""Who a client is: what people set, and the ``httpx.Auth`` that follows from it."""
