/** What the log's operations cost: one benchmark per question, compared with other libraries. {@code bench/run} runs the set. */
@NullMarked
package dev.streamwal.bench;

import org.jspecify.annotations.NullMarked;
