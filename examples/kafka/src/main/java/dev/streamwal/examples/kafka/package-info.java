/** A shipper to Kafka, and what its readers need to drop repeats. To copy from. */
@NullMarked
package dev.streamwal.examples.kafka;

import org.jspecify.annotations.NullMarked;
