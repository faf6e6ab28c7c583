/**
 * The commits of named consumers, in the files of {@code cursors/}, whose format is {@link dev.streamwal.format.CursorLayout}; and the beginning of
 * a consumer's tail. For the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.consumer;

import org.jspecify.annotations.NullMarked;
