/** What a replica shows to a monitoring system. Needs Micrometer, which a program that uses this depends on itself. */
@NullMarked
package dev.streamwal.ratis.metrics;

import org.jspecify.annotations.NullMarked;
