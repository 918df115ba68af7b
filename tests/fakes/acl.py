"""An ACL as the kernel stores it (acl(5), linux/posix_acl_xattr.h)."""

import struct

ATTRIBUTE = "system.posix_acl_access"
_VERSION = 2
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NOBODY_IN_PARTICULAR = 0xFFFFFFFF


def read_for_user(uid: int) -> bytes:
    """Owner reads and writes, one more user reads, the others read."""
    entries = [
        (_USER_OBJ, 6, _NOBODY_IN_PARTICULAR),
        (_USER, 4, uid),
        (_GROUP_OBJ, 4, _NOBODY_IN_PARTICULAR),
        (_MASK, 4, _NOBODY_IN_PARTICULAR),
        (_OTHER, 4, _NOBODY_IN_PARTICULAR),
    ]
    return struct.pack("<I", _VERSION) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
