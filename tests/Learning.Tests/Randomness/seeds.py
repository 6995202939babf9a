#!/usr/bin/env python3
# The seeds that SeedTreeTests expects, derived apart from the C# code.
import hashlib, struct
def text(s): b = s.encode(); return struct.pack('<q', len(b)) + b
def derive(root, kind, name, *path):
    h = hashlib.sha256(b'kdr-seed-1' + struct.pack('<q', root) + text(kind) + text(name) + b''.join(struct.pack('<q', p) for p in path)).digest()
    return struct.unpack('<Q', h[:8])[0] & (2 ** 63 - 1)
print(derive(42, 'stream', 'report', 0, 5, 511))
print(derive(derive(0, 'branch', 'monitor'), 'stream', 'data-order'))
