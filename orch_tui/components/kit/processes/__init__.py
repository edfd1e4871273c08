"""How attempts of components run: forked, with the data runner, row by row, in environments of their own."""
