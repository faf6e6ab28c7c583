/** A crash test to run and watch: a writer is killed again and again, and all that it acknowledged is there. */
@NullMarked
package dev.streamwal.examples.crash;

import org.jspecify.annotations.NullMarked;
