"""What commands return: frozen, complete, printable in any form.

Imported by module, never from here: a command pays for the results that it has, not for all of them.
"""
