/**
 * What {@code java.nio.file} leaves to its callers: {@link dev.streamwal.files.LogFile reading and writing all that was asked for}, which an
 * interrupt must not cut short, forcing files and directories, and a lock that one holder has over all processes. For the reader and the
 * writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.files;

import org.jspecify.annotations.NullMarked;
