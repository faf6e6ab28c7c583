/**
 * How often things happen in a log, how long they take, and how background tasks end: always counted, but only where something waits, writes or flushes
 * anyway.
 */
@NullMarked
package dev.streamwal.measure;

import org.jspecify.annotations.NullMarked;
