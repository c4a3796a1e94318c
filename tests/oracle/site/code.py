def included():
    return 1


def more():
    return 2
