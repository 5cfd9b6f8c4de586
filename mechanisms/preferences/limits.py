"""How large a preference, a category and what comes of them may be."""

MAX_ITEMS = 8
MAX_DEPTH = 8
MAX_CONDITIONS = 64
MAX_TERMS = 64
MAX_MEMBERS = 256
MAX_POINTS = 64
MAX_ACROSS = 16
MAX_UNITS = 64
MAX_BUSY = 1000
MAX_CALENDAR = 64 * 1024
MAX_CALENDAR_DAYS = 1100
MAX_ATTRIBUTES = 128
MAX_SET = 62  # values of a set, one bit each
MAX_PLACES = 6
MAX_TEXT = 200
MAX_ATOMS = 4096
MANY_ATOMS = 256  # past so many a preference becomes a program, where the rule takes one
MAX_LOTS = 10_000
