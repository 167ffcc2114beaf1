"""How the C library treats memory that a training step gives back."""

import ctypes

# Numbers of glibc's malloc.h, and the largest value that they take.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
LARGEST = 2**31 - 1
GROWTH = 64 * 2**20


def keep_freed_memory() -> bool:
    """Has this process keep freed memory for the next step, where the C library is glibc.

    A tensor of a megabyte otherwise goes back to the system when it is freed, and each page of the
    next one is filled with zeros anew: a fifth of a step on a CPU. The memory of a process then
    never shrinks.

    Returns:
        Whether it will; other C libraries go on as before.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, LARGEST), (M_TOP_PAD, GROWTH))
    return all([mallopt(name, value) for name, value in settings])
