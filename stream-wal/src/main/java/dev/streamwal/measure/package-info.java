/** How often things happen in a log, and how long they take: always counted, but only where something waits, writes or flushes anyway. */
@NullMarked
package dev.streamwal.measure;

import org.jspecify.annotations.NullMarked;
