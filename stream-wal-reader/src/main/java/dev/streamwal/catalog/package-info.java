/**
 * Lists segments: a log, its streams' directories, the segments as listed last, and the rules when to list again. For the reader and the writer of
 * this project; not exported to others.
 */
@NullMarked
package dev.streamwal.catalog;

import org.jspecify.annotations.NullMarked;
