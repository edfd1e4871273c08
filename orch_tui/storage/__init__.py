"""The tables of a project: immutable Parquet versions, how new rows meet old ones, publishing all or nothing."""
