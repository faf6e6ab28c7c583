/**
 * Walks that are asked again when something has come, of one stream and of many, and how long to rest in between. Not exported.
 */
@NullMarked
package dev.streamwal.tail;

import org.jspecify.annotations.NullMarked;
