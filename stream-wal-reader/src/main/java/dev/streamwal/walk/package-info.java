/**
 * Ways through a stream's records, forwards, backwards and merged with others, from segment to segment, and what a gap between two is. Not
 * exported.
 */
@NullMarked
package dev.streamwal.walk;

import org.jspecify.annotations.NullMarked;
