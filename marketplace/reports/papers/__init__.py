"""The report of one market, as a page and as a PDF: figures that are drawn, and the tables that they are drawn from."""
