/**
 * One segment: opening it, its header and footer, and the parser of its records, which verifies every record, or knows that it was verified. For the reader and
 * the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.segment;

import org.jspecify.annotations.NullMarked;
