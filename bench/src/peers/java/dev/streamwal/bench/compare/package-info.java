/** The same work on this log and on what its users would pick instead, each in a process of its own. {@code bench/run compare} runs it. */
@NullMarked
package dev.streamwal.bench.compare;

import org.jspecify.annotations.NullMarked;
