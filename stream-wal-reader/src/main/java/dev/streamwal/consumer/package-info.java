/**
 * What named consumers have committed: the files in {@code cursors/}, whose bytes {@link dev.streamwal.format.CursorLayout} draws, and where a
 * consumer's tail begins. For the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.consumer;

import org.jspecify.annotations.NullMarked;
