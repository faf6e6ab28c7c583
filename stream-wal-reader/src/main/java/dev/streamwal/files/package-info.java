/**
 * What {@code java.nio.file} leaves to its callers: I/O that an interrupt must not cut short, forcing files and directories, and a lock
 * that one holder has over all processes. For the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.files;

import org.jspecify.annotations.NullMarked;
