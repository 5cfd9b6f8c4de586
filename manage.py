#!/usr/bin/env python
"""Django's command line."""

import gc
import os
import sys

from django.core.management import execute_from_command_line

GARBAGE_AFTER = 50_000  # objects; at Python's own 700 a start spends a sixth of its time looking for garbage

if __name__ == "__main__":
    gc.set_threshold(GARBAGE_AFTER)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    execute_from_command_line(sys.argv)
