/**
 * Files: a bounded cache of those open for reading, I/O that an interrupt must not cut short, forcing files and directories, a lock that one
 * holder has over all processes, and the errors for what the file system throws. For the reader and the writer of this project; not exported
 * to others.
 */
@NullMarked
package dev.streamwal.io;

import org.jspecify.annotations.NullMarked;
