"""The errors that a user can mend: each says what is wrong, where, and the way out."""


class PotstillError(Exception):
    """Base of every error whose message is meant for the user; the command line prints it without a traceback."""


class DataError(PotstillError):
    """A file or its rows cannot be used as the study asks."""


class StudyError(PotstillError):
    """A study file is wrong: an unknown key, a value out of range, arms that contradict each other."""


class ModelError(PotstillError):
    """A model cannot be found, is of a family that cannot be cut, or does not survive being saved."""


class NotFiniteError(PotstillError, ValueError):
    """A loss or an answer is no finite number: training went astray, or weights are damaged."""


class GateError(PotstillError):
    """A run was refused because its result would mislead, such as a student of a random teacher."""
