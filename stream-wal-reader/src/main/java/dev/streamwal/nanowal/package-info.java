/**
 * nano-wal 1.0 files, which have no checksums: a directory of them, the files of its prefixes, and the walks through their records. Read only.
 */
@NullMarked
package dev.streamwal.nanowal;

import org.jspecify.annotations.NullMarked;
