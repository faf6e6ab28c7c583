/**
 * Files: {@link dev.streamwal.io.LogFile reading and writing all that was asked for}, which an interrupt must not cut short, a bounded cache
 * of those open for reading, forcing files and directories, a lock that one holder has over all processes, and the errors for what the file
 * system throws. For the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.io;

import org.jspecify.annotations.NullMarked;
