/** Put in by the build. */
declare const __CCLOCAL_VERSION__: string | undefined;

/** The version of this cclocal, as package.json has it; "unbuilt" where its sources run as they are. */
export const version = typeof __CCLOCAL_VERSION__ === 'string' ? __CCLOCAL_VERSION__ : 'unbuilt';
