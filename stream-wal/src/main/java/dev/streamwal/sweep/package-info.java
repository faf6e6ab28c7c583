/**
 * Seals idle segments and deletes expired ones: {@link dev.streamwal.sweep.Sweeper} runs passes, in which the plan of {@code retention} is carried out as
 * far as consumers don't hold anything. Knows nothing of the public API.
 */
@NullMarked
package dev.streamwal.sweep;

import org.jspecify.annotations.NullMarked;
