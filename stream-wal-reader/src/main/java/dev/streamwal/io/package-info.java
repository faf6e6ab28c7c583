/**
 * Files: {@link dev.streamwal.io.LogFile complete reads and writes} that no interrupt cuts short, a bounded cache of files open for reading,
 * forcing files and directories, a lock with one holder over all processes, and the exceptions for failures of the file system. For the
 * reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.io;

import org.jspecify.annotations.NullMarked;
