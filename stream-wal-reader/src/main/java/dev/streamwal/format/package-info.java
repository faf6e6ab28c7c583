/** The file format: bytes in, values out; no I/O, no clocks, no threads. */
@NullMarked
package dev.streamwal.format;

import org.jspecify.annotations.NullMarked;
