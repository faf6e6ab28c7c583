/** A message queue: topics of several partitions, and groups of workers that share a topic. */
@NullMarked
package dev.streamwal.examples.queue;

import org.jspecify.annotations.NullMarked;
