/** Streams of values: a codec of one's own and how it changes, samples, JSON, and two formats that were not made for logs, Protobuf and SBE. */
@NullMarked
package dev.streamwal.examples.typed;

import org.jspecify.annotations.NullMarked;
