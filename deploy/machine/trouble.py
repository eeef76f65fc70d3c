"""What goes wrong for a person at the keyboard."""


class Trouble(Exception):
    """One sentence that says what is wrong and what to do; shown without a traceback."""
