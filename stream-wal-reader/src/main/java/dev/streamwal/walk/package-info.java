/**
 * Walks along a stream's records, forwards, backwards and merged with other streams, from segment to segment, and the meaning of gaps between
 * segments. Not exported.
 */
@NullMarked
package dev.streamwal.walk;

import org.jspecify.annotations.NullMarked;
