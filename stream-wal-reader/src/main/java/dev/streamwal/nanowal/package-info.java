/**
 * nano-wal 1.0 files, which have no checksums: a directory of them, its prefixes' files, and the ways through their records. Read only.
 */
@NullMarked
package dev.streamwal.nanowal;

import org.jspecify.annotations.NullMarked;
