/**
 * Which segments there are: a log, its streams' directories and segments as listed last, and when a listing is old. For the reader and the
 * writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.catalog;

import org.jspecify.annotations.NullMarked;
