/** Programs to copy from, each a page or two. */
@NullMarked
package dev.streamwal.examples;

import org.jspecify.annotations.NullMarked;
