"""CSV as all components read and write it: how a file is written, its grammar, tables with manifests."""
