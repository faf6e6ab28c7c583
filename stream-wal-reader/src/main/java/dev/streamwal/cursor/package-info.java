/**
 * What named consumers have committed: the files in {@code cursors/}, whose bytes {@link dev.streamwal.format.CursorLayout} draws. For the
 * reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.cursor;

import org.jspecify.annotations.NullMarked;
