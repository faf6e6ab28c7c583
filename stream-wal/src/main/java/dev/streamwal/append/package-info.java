/** The path of an append: no locks, no allocation. */
@NullMarked
package dev.streamwal.append;

import org.jspecify.annotations.NullMarked;
