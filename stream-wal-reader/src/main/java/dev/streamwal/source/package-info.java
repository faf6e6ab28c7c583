/**
 * How the bytes of segments are found and fetched: listing, opening, planning reads, and walking records. For the reader and the writer
 * of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.source;

import org.jspecify.annotations.NullMarked;
