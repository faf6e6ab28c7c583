/** What the log's operations cost: one benchmark a question, and the peers beside it. {@code bench/run} runs the set. */
@NullMarked
package dev.streamwal.bench;

import org.jspecify.annotations.NullMarked;
