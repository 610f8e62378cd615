import { EXPECTED, story } from './plain-story.mjs';

const seen = await story();
if (JSON.stringify(seen) !== JSON.stringify(EXPECTED)) throw new Error(`saw ${seen.join(', ')}`);
console.log('runs');
process.exit();
