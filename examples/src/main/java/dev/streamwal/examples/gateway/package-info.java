/** A gateway: a process that collects readings of many sensors, shows them, and has another process ship them. */
@NullMarked
package dev.streamwal.examples.gateway;

import org.jspecify.annotations.NullMarked;
