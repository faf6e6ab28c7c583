/** What a reopening does: evidence, decision, action. */
@NullMarked
package dev.streamwal.recovery;

import org.jspecify.annotations.NullMarked;
