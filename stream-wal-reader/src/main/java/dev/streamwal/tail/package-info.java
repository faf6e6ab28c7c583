/**
 * Tails: walks along one stream or many that wait for new records, and the rule how long to rest in between. Not exported.
 */
@NullMarked
package dev.streamwal.tail;

import org.jspecify.annotations.NullMarked;
